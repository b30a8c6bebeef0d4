From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential Theorem1 JointLimit.
Set Implicit Arguments.
Open Scope R_scope.

Section Quant.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (F : State * Param -> State) (grad_ell : State -> State) (rule : (State * Param) * State -> Param) (s_star : State) (theta : Param).
Variables (J : State -> State) (B : Param -> State) (C : State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis settled : F (s_star, theta) = s_star.
Hypothesis rule_at_rest : rule ((s_star, theta), s_star) = zero.
Hypothesis qF : quadratic_remainder Z State F (s_star, theta) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis qrho : quadratic_remainder ZS Param rule ((s_star, theta), s_star) (fun h => C (minus (snd h) (fst (fst h)))).
Hypothesis qgl : exists M, 0 <= M /\ locally s_star (fun s => norm (minus (grad_ell s) (grad_ell s_star)) <= M * norm (minus s s_star)).

Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables (b e : T -> R).
Hypothesis Hb : filterlim b FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => b x <> 0).
Hypothesis Hbe : FF (fun x => Rabs (e x) <= Rabs (b x)).
Let z (t : nat) (x : T) : Z := nudged_phase F grad_ell rule s_star theta (b x) (e x) t.
Let u (t : nat) : State := fst (linear_phase State Param grad_ell s_star J B C 0 t).
Let f1 (x : T) := Rabs (b x).
Let f2 (x : T) := b x * b x + Rabs (e x).

Lemma f1_0 : filterlim f1 FF (locally (0:R)).
Proof.
unfold f1. replace 0 with (Rabs 0) by apply Rabs_R0.
eapply filterlim_comp. exact Hb. apply (continuous_Rabs 0).
Qed.
Lemma b_small : FF (fun x => Rabs (b x) <= 1).
Proof.
assert (N := proj1 (@flim_norm T FF HF R_NormedModule b 0) Hb (mkposreal 1 Rlt_0_1)).
revert N. apply filter_imp. intros x X. change (Rabs (b x + - 0) < 1) in X. rewrite Ropp_0, Rplus_0_r in X. lra.
Qed.
Lemma sq_abs (y : R) : y * y = Rabs y * Rabs y.
Proof. rewrite <- Rabs_mult. rewrite Rabs_right; nra. Qed.
Lemma f2_f1 : FF (fun x => f2 x <= 2 * f1 x).
Proof.
generalize (filter_and _ _ b_small Hbe). apply filter_imp. intros x [X Y]. unfold f2, f1.
rewrite (sq_abs (b x)). generalize (Rabs_pos (b x)); nra.
Qed.
Lemma e_f2 : FF (fun x => Rabs (e x) <= 1 * f2 x).
Proof. apply filter_forall. intros x; unfold f2. nra. Qed.
Lemma e_f1 : FF (fun x => Rabs (e x) <= 1 * f1 x).
Proof. revert Hbe. apply filter_imp. intros x; unfold f1. lra. Qed.
Lemma f11_f2 : FF (fun x => f1 x * f1 x <= 1 * f2 x).
Proof. apply filter_forall. intros x; unfold f2, f1. rewrite <- sq_abs. generalize (Rabs_pos (e x)); nra. Qed.

Definition Inv (t : nat) : Prop :=
  bigO FF State (fun x => minus (minus (fst (z t x)) s_star) (scal (b x : R_AbsRing) (u t))) f2 /\
  bigO FF Param (fun x => minus (snd (z t x)) theta) (fun x => Rabs (e x)).

Lemma Inv_x t : Inv t -> bigO FF State (fun x => minus (fst (z t x)) s_star) f1.
Proof.
intros [I1 _].
apply bO_ext with (fun x => plus (minus (minus (fst (z t x)) s_star) (scal (b x : R_AbsRing) (u t))) (scal (b x : R_AbsRing) (u t))); auto.
apply filter_forall; intros x; module State.
apply (@bO_plus T FF HF State).
apply (@bO_le T FF HF State _ f2 f1 2); auto. lra. apply f2_f1.
apply (@bO_le T FF HF State _ (fun x => Rabs (b x) * 1) f1 1). lra. apply filter_forall; intros x; unfold f1; lra.
apply (@bO_scal T FF HF State b (fun _ => u t) (fun _ => 1)). apply (@bO_cst T FF HF State).
Qed.
Lemma Inv_z t : Inv t -> bigO FF Z (fun x => minus (z t x) (s_star, theta)) f1.
Proof.
intros I. assert (X := Inv_x I). destruct I as [_ I2].
apply (@bO_pair T FF HF State Param (fun x => minus (fst (z t x)) s_star) (fun x => minus (snd (z t x)) theta) f1 X).
apply (@bO_le T FF HF Param _ (fun x => Rabs (e x)) f1 1); auto. lra. apply e_f1.
Qed.
Lemma Inv_s' t : Inv t -> bigO FF State (fun x => minus (minus (fst (z (S t) x)) s_star) (scal (b x : R_AbsRing) (u (S t)))) f2.
Proof.
intros I. assert (Iz := Inv_z I). assert (Ix := Inv_x I). destruct I as [I1 I2].
assert (Q := @bO_quad T FF HF Z State F (s_star, theta) _ (z t) f1 qF f1_0 Iz). cbv beta in Q. rewrite settled in Q.
assert (Lx := @bO_lim T FF HF State (fun x => fst (z t x)) f1 s_star f1_0 Ix).
assert (Qg : bigO FF State (fun x => minus (grad_ell (fst (z t x))) (grad_ell s_star)) f1).
{ destruct qgl as [M [M0 HM]]. destruct Ix as [K [K0 HK]]. exists (M * K). split. apply Rmult_le_pos; auto.
  assert (N : FF (fun x => norm (minus (grad_ell (fst (z t x))) (grad_ell s_star)) <= M * norm (minus (fst (z t x)) s_star))) by exact (Lx _ HM).
  refine (@filter_imp T FF HF _ _ _ (filter_and _ _ N HK)). intros x [X Y]. eapply Rle_trans. exact X.
  rewrite Rmult_assoc. apply Rmult_le_compat_l; auto. }
apply bO_ext with (fun x => minus (plus (plus
    (minus (minus (F (z t x)) s_star) (plus (J (fst (minus (z t x) ((s_star, theta) : Z)))) (B (snd (minus (z t x) ((s_star, theta) : Z))))))
    (J (minus (minus (fst (z t x)) s_star) (scal (b x : R_AbsRing) (u t)))))
    (B (minus (snd (z t x)) theta)))
    (scal (b x : R_AbsRing) (minus (grad_ell (fst (z t x))) (grad_ell s_star)))); auto.
{ apply filter_forall. intros x.
  change (fst (minus (z t x) ((s_star, theta) : Z))) with (minus (fst (z t x)) s_star).
  change (snd (minus (z t x) ((s_star, theta) : Z))) with (minus (snd (z t x)) theta).
  assert (E1 : J (minus (minus (fst (z t x)) s_star) (scal (b x : R_AbsRing) (u t))) = minus (J (minus (fst (z t x)) s_star)) (scal (b x : R_AbsRing) (J (u t)))).
  { etransitivity. exact (linear_minus J _ _ J_linear). apply f_equal. exact (linear_scal J J_linear (b x : R_AbsRing) (u t)). }
  rewrite E1.
  assert (E2 : u (S t) = minus (J (u t)) (grad_ell s_star)).
  { unfold u. etransitivity. apply (@linear_phase_state State Param grad_ell s_star J B C B_linear C_linear 0 t). rewrite modified_jacobian_0. reflexivity. }
  rewrite E2.
  change (fst (z (S t) x)) with (minus (F (z t x)) (scal (b x : R_AbsRing) (grad_ell (fst (z t x))))).
  module State. }
apply (@bO_minus T FF HF State). apply (@bO_plus T FF HF State). apply (@bO_plus T FF HF State).
apply (@bO_le T FF HF State _ (fun x => f1 x * f1 x) f2 1). lra. apply f11_f2. exact Q.
apply (@bO_lin T FF HF State State J); auto.
apply (@bO_lin T FF HF Param State B); auto. apply (@bO_le T FF HF Param _ (fun x => Rabs (e x)) f2 1); auto. lra. apply e_f2.
apply (@bO_le T FF HF State _ (fun x => Rabs (b x) * f1 x) f2 1). lra. apply f11_f2.
apply (@bO_scal T FF HF State b _ f1 Qg).
Qed.
Lemma Inv_p t : Inv t -> bigO FF ZS (fun x => minus ((z t x, fst (z (S t) x)) : ZS) (((s_star, theta), s_star) : ZS)) f1.
Proof.
intros I. assert (Iz := Inv_z I). assert (Is := Inv_s' I).
apply (@bO_pair T FF HF Z State _ (fun x => minus (fst (z (S t) x)) s_star) f1 Iz).
apply bO_ext with (fun x => plus (minus (minus (fst (z (S t) x)) s_star) (scal (b x : R_AbsRing) (u (S t)))) (scal (b x : R_AbsRing) (u (S t)))); auto.
apply filter_forall; intros x; module State.
apply (@bO_plus T FF HF State).
apply (@bO_le T FF HF State _ f2 f1 2); auto. lra. apply f2_f1.
apply (@bO_le T FF HF State _ (fun x => Rabs (b x) * 1) f1 1). lra. apply filter_forall; intros x; unfold f1; lra.
apply (@bO_scal T FF HF State b (fun _ => u (S t)) (fun _ => 1)). apply (@bO_cst T FF HF State).
Qed.
Lemma rho_O t : Inv t -> bigO FF Param (fun x => minus (rule (z t x, fst (z (S t) x))) (scal (b x : R_AbsRing) (C (minus (u (S t)) (u t))))) f2.
Proof.
intros I. assert (Ip := Inv_p I). assert (Is := Inv_s' I). destruct I as [I1 I2].
assert (Q := @bO_quad T FF HF ZS Param rule ((s_star, theta), s_star) _ (fun x => (z t x, fst (z (S t) x))) f1 qrho f1_0 Ip).
cbv beta in Q. rewrite rule_at_rest in Q.
set (s' := fun x => fst (z (S t) x)) in *.
apply bO_ext with (fun x => plus
   (minus (minus (rule (z t x, s' x)) zero) (C (minus (minus (s' x) s_star) (minus (fst (z t x)) s_star))))
   (C (minus (minus (minus (s' x) s_star) (scal (b x : R_AbsRing) (u (S t)))) (minus (minus (fst (z t x)) s_star) (scal (b x : R_AbsRing) (u t)))))); auto.
{ apply filter_forall. intros x.
  assert (E : minus (minus (minus (s' x) s_star) (scal (b x : R_AbsRing) (u (S t)))) (minus (minus (fst (z t x)) s_star) (scal (b x : R_AbsRing) (u t)))
    = minus (minus (minus (s' x) s_star) (minus (fst (z t x)) s_star)) (scal (b x : R_AbsRing) (minus (u (S t)) (u t)))) by module State.
  rewrite E.
  assert (E1 : forall y w, C (minus y (scal (b x : R_AbsRing) w)) = minus (C y) (scal (b x : R_AbsRing) (C w))).
  { intros y w. etransitivity. exact (linear_minus C _ _ C_linear). apply f_equal. exact (linear_scal C C_linear (b x : R_AbsRing) w). }
  rewrite E1. change (fst (z (S t) x)) with (s' x). module Param. }
apply (@bO_plus T FF HF Param).
apply (@bO_le T FF HF Param _ (fun x => f1 x * f1 x) f2 1). lra. apply f11_f2. exact Q.
apply (@bO_lin T FF HF State Param C); auto. apply (@bO_minus T FF HF State); auto.
Qed.
Lemma Inv_all t : Inv t.
Proof.
induction t as [|t I].
- split.
  + exists 0. split. lra. apply filter_forall. intros x. unfold z, u; simpl.
    assert (E : minus (minus s_star s_star) (scal (b x : R_AbsRing) (zero : State)) = zero) by module State.
    eapply Rle_trans. right; apply f_equal; exact E. right. rewrite norm_zero. ring.
  + exists 0. split. lra. apply filter_forall. intros x. unfold z; simpl.
    assert (E : minus theta theta = zero) by module Param.
    eapply Rle_trans. right; apply f_equal; exact E. right. rewrite norm_zero. ring.
- split. now apply Inv_s'.
  assert (Q := rho_O I). destruct I as [I1 I2].
  apply bO_ext with (fun x => plus (minus (snd (z t x)) theta) (scal (e x / b x : R_AbsRing) (rule (z t x, fst (z (S t) x))))); auto.
  { apply filter_forall. intros x.
    change (snd (z (S t) x)) with (plus (snd (z t x)) (scal (e x / b x : R_AbsRing) (rule (z t x, fst (z (S t) x))))).
    module Param. }
  apply (@bO_plus T FF HF Param). exact I2.
  assert (Q1 : bigO FF Param (fun x => rule (z t x, fst (z (S t) x))) f1).
  { apply bO_ext with (fun x => plus (minus (rule (z t x, fst (z (S t) x))) (scal (b x : R_AbsRing) (C (minus (u (S t)) (u t))))) (scal (b x : R_AbsRing) (C (minus (u (S t)) (u t))))); auto.
    apply filter_forall; intros x; module Param.
    apply (@bO_plus T FF HF Param).
    apply (@bO_le T FF HF Param _ f2 f1 2); auto. lra. apply f2_f1.
    apply (@bO_le T FF HF Param _ (fun x => Rabs (b x) * 1) f1 1). lra. apply filter_forall; intros x; unfold f1; lra.
    apply (@bO_scal T FF HF Param b (fun _ => _) (fun _ => 1)). apply (@bO_cst T FF HF Param). }
  apply (@bO_le T FF HF Param _ (fun x => Rabs (e x / b x) * f1 x) (fun x => Rabs (e x)) 1). lra.
  { revert Hb0. apply filter_imp. intros x X. unfold f1. rewrite <- Rabs_mult. right. rewrite Rmult_1_l. f_equal. field; auto. }
  apply (@bO_scal T FF HF Param (fun x => e x / b x) _ f1 Q1).
Qed.

Lemma ff_div : FF (fun x => Rabs (/ b x) * f2 x <= 1 * (Rabs (b x) + Rabs (e x / b x))).
Proof.
revert Hb0. apply filter_imp. intros x X. unfold f2. rewrite Rmult_1_l.
assert (P : 0 < Rabs (b x)) by now apply Rabs_pos_lt.
unfold Rdiv. rewrite Rabs_mult, (sq_abs (b x)), Rabs_Rinv by auto. right. field. lra.
Qed.

Theorem nudged_phase_error_bound t :
  bigO FF State (fun x => minus (Delta_s F grad_ell rule s_star theta (b x) (e x) t) (opp (iterate J t (grad_ell s_star)))) (fun x => Rabs (b x) + Rabs (e x / b x)) /\
  (FF (fun x => e x <> 0) ->
   bigO FF Param (fun x => minus (Delta_theta F grad_ell rule s_star theta (b x) (e x) t) (C (opp (iterate J t (grad_ell s_star))))) (fun x => Rabs (b x) + Rabs (e x / b x))).
Proof.
assert (D := @linear_phase_increment State Param grad_ell s_star J B C J_linear B_linear C_linear 0 t).
assert (E0 : iterate (modified_jacobian J B C 0) t (grad_ell s_star) = iterate J t (grad_ell s_star)) by (apply iterate_ext; apply modified_jacobian_0).
rewrite E0 in D.
assert (D' : minus (u (S t)) (u t) = opp (iterate J t (grad_ell s_star))) by exact D.
rewrite <- D'.
assert (I := Inv_all t). assert (I' := Inv_all (S t)). assert (Q := rho_O I).
split.
- destruct I as [I1 _]. destruct I' as [I1' _].
  apply bO_ext with (fun x => scal (/ b x : R_AbsRing) (minus
     (minus (minus (fst (z (S t) x)) s_star) (scal (b x : R_AbsRing) (u (S t))))
     (minus (minus (fst (z t x)) s_star) (scal (b x : R_AbsRing) (u t))))); auto.
  { revert Hb0. apply filter_imp. intros x X. unfold Delta_s. change (1 + t)%nat with (S t).
    change (nudged_phase F grad_ell rule s_star theta (b x) (e x) (S t)) with (z (S t) x).
    change (nudged_phase F grad_ell rule s_star theta (b x) (e x) t) with (z t x). module_field State. }
  apply (@bO_le T FF HF State _ (fun x => Rabs (/ b x) * f2 x) _ 1). lra. apply ff_div.
  apply (@bO_scal T FF HF State (fun x => / b x) _ f2). apply (@bO_minus T FF HF State); auto.
- intros He0.
  apply bO_ext with (fun x => scal (/ b x : R_AbsRing) (minus (rule (z t x, fst (z (S t) x))) (scal (b x : R_AbsRing) (C (minus (u (S t)) (u t)))))); auto.
  { generalize (filter_and _ _ Hb0 He0). apply filter_imp. intros x [X Y]. unfold Delta_theta. change (1 + t)%nat with (S t).
    change (snd (nudged_phase F grad_ell rule s_star theta (b x) (e x) (S t))) with (plus (snd (z t x)) (scal (e x / b x : R_AbsRing) (rule (z t x, fst (z (S t) x))))).
    change (snd (nudged_phase F grad_ell rule s_star theta (b x) (e x) t)) with (snd (z t x)). module_field Param. }
  apply (@bO_le T FF HF Param _ (fun x => Rabs (/ b x) * f2 x) _ 1). lra. apply ff_div.
  apply (@bO_scal T FF HF Param (fun x => / b x) _ f2 Q).
Qed.
End Quant.

(* quantitative Theorem 1 from Phi *)
Lemma ep_rule_quadratic_remainder (State Param : NM) (s_star : State) (theta : Param) (Phi_theta DPhi_theta : State * Param -> Param) :
  is_linear (U := prod_NormedModule R_AbsRing State Param) DPhi_theta ->
  quadratic_remainder (prod_NormedModule R_AbsRing State Param) Param Phi_theta (s_star, theta) DPhi_theta ->
  quadratic_remainder (prod_NormedModule R_AbsRing (prod_NormedModule R_AbsRing State Param) State) Param (ep_rule Phi_theta) ((s_star, theta), s_star)
     (fun h => DPhi_theta (minus (snd h) (fst (fst h)), zero)).
Proof.
set (Z := prod_NormedModule R_AbsRing State Param). set (ZS := prod_NormedModule R_AbsRing Z State).
intros Hl [M [M0 HM]].
assert (L1 := lin_swap State Param). assert (L2 := @is_linear_fst R_AbsRing Z State).
destruct (linear_norm _ L1) as [N1 [N10 HN1]]. destruct (linear_norm _ L2) as [N2 [N20 HN2]].
assert (C1 : @continuous ZS Z (fun p : ZS => (snd p, snd (fst p)) : Z) ((s_star, theta), s_star)) by apply linear_cont, L1.
assert (C2 : @continuous ZS Z (fun p : ZS => fst p) ((s_star, theta), s_star)) by apply linear_cont, L2.
set (Q := fun p : Z => norm (minus (minus (Phi_theta p) (Phi_theta (s_star, theta))) (DPhi_theta (minus p ((s_star, theta) : Z)))) <= M * (norm (minus p ((s_star, theta) : Z)) * norm (minus p ((s_star, theta) : Z)))).
assert (X1 : locally (((s_star, theta), s_star) : ZS) (fun p : ZS => Q ((snd p, snd (fst p)) : Z))) by exact (C1 _ HM).
assert (X2 : locally (((s_star, theta), s_star) : ZS) (fun p : ZS => Q (fst p))) by exact (C2 _ HM).
exists (M * (N1 * N1) + M * (N2 * N2)). split.
{ apply Rplus_le_le_0_compat; apply Rmult_le_pos; auto; nra. }
refine (@filter_imp ZS (locally (((s_star, theta), s_star) : ZS)) _ _ _ _ (filter_and _ _ X1 X2)).
intros [[s th] s'] [Y1 Y2]. unfold Q in Y1, Y2. simpl snd in Y1, Y2. simpl fst in Y1, Y2.
set (q := minus (((s, th), s') : ZS) (((s_star, theta), s_star) : ZS)).
set (w1 := minus ((s', th) : Z) ((s_star, theta) : Z)) in *. set (w2 := minus ((s, th) : Z) ((s_star, theta) : Z)) in *.
assert (B1 : norm w1 <= N1 * norm q) by exact (HN1 q).
assert (B2 : norm w2 <= N2 * norm q) by exact (HN2 q).
assert (El : DPhi_theta (minus (snd q) (fst (fst q)), zero) = minus (DPhi_theta w1) (DPhi_theta w2)).
{ transitivity (DPhi_theta (minus w1 w2)). 2: exact (linear_minus DPhi_theta w1 w2 Hl).
  f_equal. unfold q, w1, w2. apply injective_projections; simpl. reflexivity.
  change (zero = minus (minus th theta) (minus th theta)). module Param. }
change (norm (minus (minus (minus (Phi_theta (s', th)) (Phi_theta (s, th))) (minus (Phi_theta (s_star, theta)) (Phi_theta (s_star, theta)))) (DPhi_theta (minus (snd q) (fst (fst q)), zero)))
   <= (M * (N1 * N1) + M * (N2 * N2)) * (norm q * norm q)).
rewrite El.
assert (E : minus (minus (minus (Phi_theta (s', th)) (Phi_theta (s, th))) (minus (Phi_theta (s_star, theta)) (Phi_theta (s_star, theta)))) (minus (DPhi_theta w1) (DPhi_theta w2)) =
   minus (minus (minus (Phi_theta (s', th)) (Phi_theta (s_star, theta))) (DPhi_theta w1)) (minus (minus (Phi_theta (s, th)) (Phi_theta (s_star, theta))) (DPhi_theta w2))) by module Param.
rewrite E. eapply Rle_trans. apply norm_triangle. rewrite Rmult_plus_distr_r.
assert (P1 : 0 <= norm w1) by apply norm_ge_0. assert (P2 : 0 <= norm w2) by apply norm_ge_0.
apply Rplus_le_compat.
- eapply Rle_trans. exact Y1. replace (M * (N1 * N1) * (norm q * norm q)) with (M * ((N1 * norm q) * (N1 * norm q))) by ring.
  apply Rmult_le_compat_l; auto. apply Rmult_le_compat; auto.
- eapply Rle_trans. right; apply norm_opp. eapply Rle_trans. exact Y2. replace (M * (N2 * N2) * (norm q * norm q)) with (M * ((N2 * norm q) * (N2 * norm q))) by ring.
  apply Rmult_le_compat_l; auto. apply Rmult_le_compat; auto.
Qed.


(* the filter of small beta <> 0 with 0 < |eta| <= |beta| *)
Definition BE (P : R * R -> Prop) : Prop :=
  exists d : posreal, forall b e : R, 0 < Rabs b < d -> 0 < Rabs e <= Rabs b -> P (b, e).
Global Instance BE_filter : Filter BE.
Proof.
split.
- exists (mkposreal 1 Rlt_0_1). auto.
- intros P Q [d1 H1] [d2 H2]. exists (mkposreal _ (Rmin_stable_in_posreal d1 d2)). simpl.
  intros b e Hb He. generalize (Rmin_l d1 d2) (Rmin_r d1 d2). intros. split; [apply H1 | apply H2]; auto; lra.
- intros P Q H [d Hd]. exists d. auto.
Qed.

Theorem cep_error_bound (State Param : NM) (ipS : State -> State -> R) (ipT : Param -> Param -> R) :
  is_inner_product State ipS -> is_inner_product Param ipT ->
  forall (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param)
    (DF : State * Param -> State) (DPhi_theta : State * Param -> Param),
  let Z := prod_NormedModule R_AbsRing State Param in
  locally ((s_star, theta) : Z) (fun z => is_gradient Z (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)) ->
  is_linear (U := Z) DF -> is_linear (U := Z) DPhi_theta ->
  quadratic_remainder Z State F (s_star, theta) DF -> quadratic_remainder Z Param Phi_theta (s_star, theta) DPhi_theta ->
  is_gradient State ipS ell s_star (grad_ell s_star) ->
  (exists M, 0 <= M /\ locally s_star (fun s => norm (minus (grad_ell s) (grad_ell s_star)) <= M * norm (minus s s_star))) ->
  F (s_star, theta) = s_star ->
  forall (t : nat) (g_s : State) (g_th : Param),
  is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  exists (K : R) (d : posreal), forall beta eta : R,
    0 < Rabs beta < d -> 0 < Rabs eta <= Rabs beta ->
    norm (minus (Delta_s F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_s)) <= K * (Rabs beta + Rabs (eta / beta)) /\
    norm (minus (Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_th)) <= K * (Rabs beta + Rabs (eta / beta)).
Proof.
intros HS HT Phi F Phi_theta ell grad_ell s_star theta DF DPhi_theta Z primitive LF LG qF qG ell_grad [M [M0 HM]] settled t g_s g_th Hgs Hgth.
assert (F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF) by now apply quadratic_remainder_diff.
assert (Phi_theta_diff : filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta) by now apply quadratic_remainder_diff.
destruct (@bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled t) as [G1 G2].
rewrite (gradient_unique HS Hgs G1), (gradient_unique HT Hgth G2).
set (J := dF_ds DF) in *. set (B := dF_dtheta DF). set (C := dPhi_theta_ds DPhi_theta) in *.
assert (LA : is_linear J) by exact (@dF_ds_linear State Param F s_star theta DF F_diff).
assert (LB : is_linear B) by exact (@dF_dtheta_linear State Param F s_star theta DF F_diff).
assert (LC : is_linear C) by exact (@dPhi_theta_ds_linear State Param Phi_theta s_star theta DPhi_theta Phi_theta_diff).
assert (qF' : quadratic_remainder Z State F (s_star, theta) (fun h => plus (J (fst h)) (B (snd h)))).
{ destruct qF as [K [K0 HK]]. exists K. split; auto. revert HK. apply filter_imp. intros z Hz.
  assert (E := @split_lin State Param State DF LF (minus z (s_star, theta))).
  unfold J, B, dF_ds, dF_dtheta. rewrite <- E. exact Hz. }
assert (X := @nudged_phase_error_bound State Param F grad_ell (ep_rule Phi_theta) s_star theta J B C LA LB LC settled (@ep_rule_at_rest State Param Phi_theta s_star theta) qF' (ep_rule_quadratic_remainder LG qG) (ex_intro _ M (conj M0 HM))
   (R * R)%type BE BE_filter (fun x => fst x) (fun x => snd x)).
assert (W1 : filterlim (fun x : R * R => fst x) BE (locally (0:R))).
{ intros P [d Hd]. exists d. intros b e Hb He. apply Hd. change (Rabs (b + - 0) < d). rewrite Ropp_0, Rplus_0_r. lra. }
assert (W2 : BE (fun x : R * R => fst x <> 0)).
{ exists (mkposreal 1 Rlt_0_1). intros b e Hb He E. simpl in E. rewrite E, Rabs_R0 in Hb. lra. }
assert (W3 : BE (fun x : R * R => Rabs (snd x) <= Rabs (fst x))).
{ exists (mkposreal 1 Rlt_0_1). intros b e Hb He. simpl. lra. }
assert (W4 : BE (fun x : R * R => snd x <> 0)).
{ exists (mkposreal 1 Rlt_0_1). intros b e Hb He E. simpl in E. rewrite E, Rabs_R0 in He. lra. }
destruct (X W1 W2 W3 t) as [[K1 [K10 H1]] X2]. destruct (X2 W4) as [K2 [K20 H2]].
destruct (filter_and _ _ H1 H2) as [d Hd].
exists (K1 + K2), d. intros beta eta Hb He. destruct (Hd beta eta Hb He) as [Y1 Y2]. simpl in Y1, Y2.
assert (P : 0 <= Rabs beta + Rabs (eta / beta)) by (generalize (Rabs_pos beta) (Rabs_pos (eta / beta)); lra).
split.
+ eapply Rle_trans. exact Y1. nra.
+ assert (E : C (opp (iterate J t (grad_ell s_star))) = opp (C (iterate J t (grad_ell s_star)))) by exact (linear_opp C _ LC).
  rewrite E in Y2. eapply Rle_trans. exact Y2. nra.
Qed.
