(** * C-EP on a mini-batch is EP in one augmented primitive function of all its samples

    The samples [b < B] have states of their own and share [theta], which moves by the mean
    of their updates.  Then [theta_t - theta_0] is [kappa] times the mean over the samples of
    [phi_b(s_t^b) - phi_b(s_star^b)], and every sample's neurons follow EP in the primitive
    function whose square couples the samples:

    - [batch_conservation_law]: the telescoped parameters;
    - [batch_cep_is_ep]: the trajectories are equal, for every [beta], [eta] and [t];
    - [batch_augmented_gradient]: EP's transition function there is the gradient of the
      augmented primitive function in the state of each sample.

    The general statement, [AugmentedPrimitive.v] with the states of all samples stacked,
    says the same; here the samples are written out. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics AugmentedGradient.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Section Batch.
Variables State Param : NM.
Local Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HT : is_inner_product Param ipT.
Hypothesis HB : bounded_inner_product Param ipT.
Variable B : nat.
Variables (Phi : nat -> State * Param -> R) (F : nat -> State * Param -> State) (phi : nat -> State -> Param).
Variables (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param).
Local Notation batch_mean := (batch_mean B phi).
Local Notation batch_cep := (batch_cep B F phi grad_ell s_star theta).
Local Notation batch_ep := (batch_ep B F phi grad_ell s_star theta).
Local Notation batch_augmented_Phi := (batch_augmented_Phi ipT B Phi phi s_star).
Local Notation batch_augmented_F := (batch_augmented_F B F phi s_star).

Lemma partial_sum_ext (V : NM) (f g : nat -> V) n : (forall i, (i < n)%nat -> f i = g i) -> partial_sum f n = partial_sum g n.
Proof. induction n as [|n IH]; intros H; simpl; auto. rewrite IH by (intros; apply H; lia). now rewrite H by lia. Qed.
Lemma partial_sum_replace (V : NM) (f : nat -> State -> V) (b : nat) (x : State) (s : nat -> State) n : (b < n)%nat ->
  partial_sum (fun i => f i (replace_sample b x s i)) n = plus (partial_sum (fun i => f i (s i)) n) (minus (f b x) (f b (s b))).
Proof.
unfold replace_sample.
induction n as [|n IH]; intros H. lia.
simpl. destruct (Nat.eq_dec n b) as [E|E].
- subst b. rewrite Nat.eqb_refl.
  rewrite (@partial_sum_ext V (fun i => f i (if Nat.eqb i n then x else s i)) (fun i => f i (s i)) n).
  module V. intros i Hi. now replace (Nat.eqb i n) with false by (symmetry; apply Nat.eqb_neq; lia).
- rewrite IH by lia. replace (Nat.eqb n b) with false by (symmetry; now apply Nat.eqb_neq). module V.
Qed.
Lemma partial_sum_add (V : NM) (f g : nat -> V) n : partial_sum (fun i => plus (f i) (g i)) n = plus (partial_sum f n) (partial_sum g n).
Proof. induction n as [|n IH]; simpl. module V. rewrite IH. module V. Qed.

Lemma batch_mean_trans (s'' s' s : nat -> State) : plus (batch_mean s' s) (batch_mean s'' s') = batch_mean s'' s.
Proof.
unfold batch_mean.
assert (E : partial_sum (fun b => minus (phi b (s'' b)) (phi b (s b))) B =
  plus (partial_sum (fun b => minus (phi b (s' b)) (phi b (s b))) B) (partial_sum (fun b => minus (phi b (s'' b)) (phi b (s' b))) B)).
{ rewrite <- partial_sum_add. apply partial_sum_ext. intros i _. module Param. }
rewrite E. module Param.
Qed.
Lemma batch_mean_refl (s : nat -> State) : batch_mean s s = zero.
Proof.
unfold batch_mean.
assert (E : partial_sum (fun b => minus (phi b (s b)) (phi b (s b))) B = zero).
{ induction B as [|n IH]; simpl. reflexivity. rewrite IH. module Param. }
rewrite E. module Param.
Qed.

(** The conservation law: the parameters are those at rest plus [kappa] times the mean. *)
Theorem batch_conservation_law (beta eta : R) (t : nat) :
  snd (batch_cep beta eta t) = plus theta (scal (eta / beta : R_AbsRing) (batch_mean (fst (batch_cep beta eta t)) s_star)).
Proof.
induction t as [|t IH].
- simpl. rewrite batch_mean_refl. module Param.
- cbn [batch_cep fst snd]. rewrite IH at 1.
  match goal with |- plus (plus theta (scal _ ?x)) (scal _ ?y) = plus theta (scal _ ?z) =>
    assert (E : z = plus x y) by (symmetry; apply batch_mean_trans) end.
  rewrite E. module Param.
Qed.

(** C-EP on the mini-batch is EP in the augmented primitive function, sample by sample. *)
Theorem batch_cep_is_ep (beta eta : R) (t b : nat) :
  fst (batch_cep beta eta t) b = batch_ep (eta / beta) beta t b.
Proof.
revert b. induction t as [|t IH]; intros b. reflexivity.
cbn [batch_ep]. unfold batch_augmented_F. rewrite <- IH.
assert (E : batch_mean (batch_ep (eta / beta) beta t) s_star = batch_mean (fst (batch_cep beta eta t)) s_star).
{ unfold batch_mean. f_equal. apply partial_sum_ext. intros i _. now rewrite IH. }
rewrite E, <- batch_conservation_law. reflexivity.
Qed.

(** [batch_augmented_F] is the gradient of the augmented primitive function in each sample's state. *)
Theorem batch_augmented_gradient (kappa : R) (b : nat) (s : nat -> State) (th : Param) :
  (b < B)%nat ->
  affine_in_param ipT (Phi b) (phi b) ->
  (forall z : Z, exists g_th, is_gradient Z (@product_inner State Param ipS ipT) (Phi b) z (F b z, g_th)) ->
  ex_filterdiff (phi b) (locally (s b)) ->
  is_gradient State ipS (fun x => batch_augmented_Phi kappa (replace_sample b x s) th) (s b) (batch_augmented_F kappa b s th).
Proof.
intros Hb Haff HP Hphi.
assert (HB0 : INR B <> 0) by (apply not_0_INR; lia).
set (k := kappa / INR B).
set (K := fun v : Param => scal (k : R_AbsRing) v).
set (total := partial_sum (fun i => minus (phi i (s i)) (phi i (s_star i))) B).
set (anchor := minus (phi b (s b)) total).
assert (K_linear : is_linear K) by exact (@is_linear_scal_r R_AbsRing _ (k : R_AbsRing) Rmult_comm).
assert (K_sym : self_adjoint Param ipT K).
{ intros x y. unfold K. now rewrite (ipSl HT), (ipSr HT). }
set (th' := plus th (K (minus (phi b (s b)) anchor))).
destruct (HP (s b, th')) as [g_th G].
assert (X := @augmented_gradient_state State Param ipS ipT HT HB (Phi b) (phi b) K anchor K_linear K_sym Haff (F b) (fun _ => g_th) (s b) th Hphi G).
assert (E1 : minus (phi b (s b)) anchor = total) by (unfold anchor; module Param).
unfold augmented_F in X; cbn [fst snd] in X. rewrite E1 in X.
assert (E2 : K total = scal (kappa : R_AbsRing) (batch_mean s s_star)).
{ unfold K, k, batch_mean. fold total. module_field Param. }
rewrite E2 in X. fold (batch_augmented_F kappa b s th) in X.
unfold is_gradient in *.
assert (Y := @filterdiff_plus_fct R_AbsRing State R_NormedModule _ _ _ _ _ _ X
   (filterdiff_const (U := State) (V := R_NormedModule)
     (partial_sum (V := R_NormedModule) (fun i => Phi i (s i, th)) B - Phi b (s b, th)))).
eapply filterdiff_ext. 2: eapply filterdiff_ext_lin. 2: exact Y. 2: intros y; apply plus_zero_r.
intros x. unfold batch_augmented_Phi.
rewrite (@partial_sum_replace R_NormedModule (fun i y => Phi i (y, th)) b x s B Hb).
assert (E3 : batch_mean (replace_sample b x s) s_star = scal (/ INR B : R_AbsRing) (minus (phi b x) anchor)).
{ unfold batch_mean. f_equal.
  rewrite (@partial_sum_replace Param (fun i y => minus (phi i y) (phi i (s_star i))) b x s B Hb).
  fold total. unfold anchor. module Param. }
rewrite E3, (ipSl HT), (ipSr HT). unfold augmented_Phi, K, k. cbn [fst]. rewrite (ipSl HT).
set (q := ipT (minus (phi b x) anchor) (minus (phi b x) anchor)).
set (P := partial_sum (V := R_NormedModule) (fun i => Phi i (s i, th)) B).
change ((Phi b (x, th) + / 2 * (kappa / INR B * q)) + (P - Phi b (s b, th)) =
  (P + (Phi b (x, th) + - Phi b (s b, th))) + INR B * kappa / 2 * (/ INR B * (/ INR B * q))).
field. exact HB0.
Qed.
End Batch.
