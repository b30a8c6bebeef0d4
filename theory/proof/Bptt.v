(** * BPTT's gradients are derivatives of the unrolled loss

    Idea: at a steady state every step of the free phase starts from [s_star], so the chain rule
    gives the derivative of the unrolled loss as a product of one and the same Jacobian.  BPTT's
    recurrence [nabla_s(t + 1) = J^T nabla_s(t)], [nabla_theta(t) = (dF/dtheta)^T nabla_s(t)] is
    thereby derived from the computation that is unrolled, not taken as a definition.

    - [bptt_gradient_state], [bptt_gradient_param]: in the state at [T - t] alone, and in the copy of
      [theta] used in the step to it alone;
    - [bptt_gradient_total]: in one [theta] shared by all steps;
    - [bptt_time_index]: which copy of the whole unrolled computation that is. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Section BPTT.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (F : State * Param -> State) (ell : State -> R) (grad_ell0 : State) (s_star : State) (theta : Param).
Variables (J : State -> State) (B : Param -> State).
Hypothesis settled : F (s_star, theta) = s_star.
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis ell_grad : is_gradient State ipS ell s_star grad_ell0.
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
(* [Jt] and [Bt] are the transposes of [J] and [B]. *)
Variables (Jt : State -> State) (Bt : State -> Param).
Hypothesis adjA : forall x y, ipS (J x) y = ipS x (Jt y).
Hypothesis adjB : forall v y, ipS (B v) y = ipT v (Bt y).

Local Notation free := (free_phase F theta).
Fixpoint nabla_s (t : nat) : State := match t with O => grad_ell0 | S t => Jt (nabla_s t) end.
Definition nabla_theta (t : nat) : Param := Bt (nabla_s t).

(* The partial derivatives of [F] at rest. *)
Lemma dF_s : filterdiff (fun s : State => F (s, theta)) (locally s_star) J.
Proof.
assert (D : filterdiff (V := Z) (fun s : State => (s, theta)) (locally s_star) (fun h : State => (h, zero))).
{ split. apply is_linear_prod. apply is_linear_id. apply is_linear_zero.
  intros x Hx eps. apply filter_forall. intros y.
  assert (E : minus (minus ((y, theta) : Z) ((x, theta) : Z)) ((minus y x, zero) : Z) = zero).
  { apply injective_projections; simpl.
    change (minus (minus y x) (minus y x) = zero). module State.
    change (minus (minus theta theta) zero = zero). module Param. }
  eapply Rle_trans. right; apply f_equal; exact E.
  eapply Rle_trans. right; apply (@norm_zero R_AbsRing Z). apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0. }
assert (E := @filterdiff_comp' R_AbsRing State Z State _ F _ _ _ D F_diff).
eapply filterdiff_ext_lin. exact E. intros y. simpl.
assert (E0 : B zero = zero) by exact (linear_zero B B_linear).
rewrite E0. apply plus_zero_r.
Qed.
Lemma dF_th : filterdiff (fun th : Param => F (s_star, th)) (locally theta) B.
Proof.
assert (D : filterdiff (V := Z) (fun th : Param => (s_star, th)) (locally theta) (fun h : Param => (zero, h))).
{ split. apply is_linear_prod. apply is_linear_zero. apply is_linear_id.
  intros x Hx eps. apply filter_forall. intros y.
  assert (E : minus (minus ((s_star, y) : Z) ((s_star, x) : Z)) ((zero, minus y x) : Z) = zero).
  { apply injective_projections; simpl.
    change (minus (minus s_star s_star) zero = zero). module State.
    change (minus (minus y x) (minus y x) = zero). module Param. }
  eapply Rle_trans. right; apply f_equal; exact E.
  eapply Rle_trans. right; apply (@norm_zero R_AbsRing Z). apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0. }
assert (E := @filterdiff_comp' R_AbsRing Param Z State _ F _ _ _ D F_diff).
eapply filterdiff_ext_lin. exact E. intros y. simpl.
assert (E0 : J zero = zero) by exact (linear_zero J J_linear).
rewrite E0. apply plus_zero_l.
Qed.

Theorem bptt_gradient_state (t : nat) : is_gradient State ipS (fun s => ell (free t s)) s_star (nabla_s t).
Proof.
induction t as [|t IH]. exact ell_grad.
unfold is_gradient in *.
assert (IH' := IH). rewrite <- settled in IH'.
assert (E := @filterdiff_comp' R_AbsRing State State R_NormedModule _ _ _ _ _ dF_s IH').
eapply filterdiff_ext_lin. exact E. intros y. simpl.
now rewrite (ip_sym HS), adjA, (ip_sym HS).
Qed.
(* The copy of theta used in the step from [T - t - 1] to [T - t]; all others stay at theta. *)
Theorem bptt_gradient_param (t : nat) : is_gradient Param ipT (fun th => ell (free t (F (s_star, th)))) theta (nabla_theta t).
Proof.
assert (IH := bptt_gradient_state t). unfold is_gradient in *. rewrite <- settled in IH.
assert (E := @filterdiff_comp' R_AbsRing Param State R_NormedModule _ _ _ _ _ dF_th IH).
eapply filterdiff_ext_lin. exact E. intros y. simpl.
now rewrite (ip_sym HS), adjB, (ip_sym HT).
Qed.

(** ** One [theta] shared by all steps

    [W T h] is the derivative of the state after [T] steps in the direction [h] of the parameters. *)
Local Notation unrolled_shared := (unrolled_shared F s_star).
Fixpoint W (T : nat) (h : Param) : State := match T with O => zero | S T => plus (J (W T h)) (B h) end.
Local Notation sum_nabla_theta := (partial_sum nabla_theta).
Lemma unrolled_shared_settled T : unrolled_shared T theta = s_star.
Proof. induction T; simpl; auto. now rewrite IHT. Qed.
Lemma unrolled_shared_diff T : filterdiff (unrolled_shared T) (locally theta) (W T).
Proof.
induction T as [|T IH]; simpl.
- apply filterdiff_const.
- assert (F_diff_split : filterdiff (fun z : prod_NormedModule R_AbsRing State Param => F (fst z, snd z)) (locally ((unrolled_shared T theta, theta) : Z)) (fun z => plus (J (fst z)) (B (snd z)))).
  { rewrite unrolled_shared_settled. apply filterdiff_ext with (f := F). intros [a b]; reflexivity. exact F_diff. }
  exact (@filterdiff_comp'_2 R_AbsRing Param State Param State (unrolled_shared T) (fun th => th) (fun s th => F (s, th)) theta (W T) (fun h => h)
    (fun x y => plus (J x) (B y)) IH (filterdiff_id _) F_diff_split).
Qed.
Fixpoint psum (k T : nat) (h : Param) : R := match T with O => 0 | S T => ipS (nabla_s k) (B h) + psum (S k) T h end.
Lemma W_psum T : forall h k, ipS (nabla_s k) (W T h) = psum k T h.
Proof.
induction T as [|T IH]; intros h k; simpl.
apply (ip0r HS).
rewrite (ipPr HS), <- (IH h (S k)). simpl.
rewrite (ip_sym HS (nabla_s k) (J _)), adjA, (ip_sym HS (W T h)). ring.
Qed.
Lemma psum_sum T : forall h k, psum k T h + ipT (sum_nabla_theta k) h = ipT (sum_nabla_theta (k + T)) h.
Proof.
induction T as [|T IH]; intros h k; simpl.
rewrite Nat.add_0_r; ring.
replace (k + S T)%nat with (S k + T)%nat by lia.
rewrite <- IH. simpl. rewrite (ipPl HT).
unfold nabla_theta. rewrite (ip_sym HS (nabla_s k)), adjB, (ip_sym HT h). ring.
Qed.
Theorem bptt_gradient_total (T : nat) : is_gradient Param ipT (fun th => ell (unrolled_shared T th)) theta (sum_nabla_theta T).
Proof.
unfold is_gradient. assert (ell_grad' := ell_grad). unfold is_gradient in ell_grad'. rewrite <- (unrolled_shared_settled T) in ell_grad'.
assert (E := @filterdiff_comp' R_AbsRing Param State R_NormedModule _ _ _ _ _ (unrolled_shared_diff T) ell_grad').
eapply filterdiff_ext_lin. exact E. intros h. simpl.
change grad_ell0 with (nabla_s 0). rewrite W_psum.
generalize (psum_sum T h 0). simpl. rewrite (ip_sym HT zero), (ip0r HT). lra.
Qed.
End BPTT.

Arguments nabla_s {State}.
Arguments nabla_theta {State Param}.

(** ** Which copy it is

    [unrolled th k]: [k] steps from rest, the step from [k] to [k + 1] with the parameters [th k]. *)
Section Index.
Variables State Param : NM.
Variables (F : State * Param -> State) (s_star : State) (theta : Param).
Hypothesis settled : F (s_star, theta) = s_star.
Local Notation unrolled := (unrolled F s_star).
Lemma free_phase_S t s : free_phase F theta (S t) s = F (free_phase F theta t s, theta).
Proof. revert s; induction t as [|t IH]; intros s. reflexivity.
change (free_phase F theta (S t) (F (s, theta)) = F (free_phase F theta t (F (s, theta)), theta)). apply IH. Qed.
Lemma unrolled_index (v : Param) (j : nat) : forall t,
  unrolled (fun k => if Nat.eqb k j then v else theta) (t + S j) = free_phase F theta t (F (s_star, v)).
Proof.
assert (H0 : forall k, (k <= j)%nat -> unrolled (fun k => if Nat.eqb k j then v else theta) k = s_star).
{ induction k as [|k IH]; intros Hk; simpl; auto. rewrite IH by lia.
  replace (Nat.eqb k j) with false by (symmetry; apply Nat.eqb_neq; lia). exact settled. }
induction t as [|t IH].
- simpl. rewrite H0 by lia. now rewrite Nat.eqb_refl.
- rewrite free_phase_S, <- IH. simpl.
  replace (Nat.eqb (t + S j) j) with false by (symmetry; apply Nat.eqb_neq; lia). reflexivity.
Qed.
(* The steps before the copy [j = T - (t + 1)] stay at rest, and [t] steps follow it. *)
Theorem bptt_time_index (ell : State -> R) (ipT : Param -> Param -> R) (T t : nat) (g : Param) : (t < T)%nat ->
  is_gradient Param ipT (fun v => ell (unrolled (fun k => if Nat.eqb k (T - (t + 1)) then v else theta) T)) theta g <->
  is_gradient Param ipT (fun v => ell (free_phase F theta t (F (s_star, v)))) theta g.
Proof.
intros Ht. assert (E : forall v, unrolled (fun k => if Nat.eqb k (T - (t + 1)) then v else theta) T = free_phase F theta t (F (s_star, v))).
{ intros v. rewrite <- (unrolled_index v (T - (t + 1)) t). f_equal. lia. }
split; intros H; eapply filterdiff_ext; try exact H; intros v; simpl; now rewrite E.
Qed.
End Index.
