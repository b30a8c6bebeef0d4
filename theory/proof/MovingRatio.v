(** * C-EP along a path on which the ratio eta/beta moves

    Technical lemmas for [OrderOfLimits.v].  In [LinearResponse.v] the ratio
    kappa = eta/beta converges; here it only moves: it may oscillate and, in the first part,
    be unbounded.  Every estimate is therefore made relative to [1 + |kappa|], the size of the
    perturbation that the second phase applies in units of beta.  The second part,
    [Delta_moving_ratio], is the joint limit for a bounded ratio that need not converge. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LinearResponse.
From CEP Require Export LittleO.
Set Implicit Arguments.
Open Scope R_scope.

(** ** The second phase, in units of beta *)
Section Moving.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (F : State * Param -> State) (grad_ell : State -> State) (rule : (State * Param) * State -> Param).
Variables (s_star : State) (theta : Param).
Variables (J : State -> State) (B : Param -> State) (C : State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis settled : F (s_star, theta) = s_star.
Hypothesis rule_at_rest : rule ((s_star, theta), s_star) = zero.
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis rule_diff : filterdiff (U := ZS) rule (locally (((s_star, theta), s_star) : ZS)) (fun h => C (minus (snd h) (fst (fst h)))).
Hypothesis grad_ell_cont : continuous grad_ell s_star.

Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables beta eta : T -> R.
Hypothesis beta_to_0 : filterlim beta FF (locally (0:R)).
Hypothesis beta_nonzero : FF (fun x => beta x <> 0).
Hypothesis eta_to_0 : filterlim eta FF (locally (0:R)).

Let g := grad_ell s_star.
Let kappa (x : T) := eta x / beta x.
Let w (x : T) := 1 + Rabs (kappa x).
Let z (t : nat) (x : T) : Z := nudged_phase F grad_ell rule s_star theta (beta x) (eta x) t.
(** displacements of the state and of the parameters, and the rate of the rule *)
Definition shift_s (t : nat) (x : T) : State := scal (/ beta x : R_AbsRing) (minus (fst (z t x)) s_star).
Definition shift_theta (t : nat) (x : T) : Param := scal (/ beta x : R_AbsRing) (minus (snd (z t x)) theta).
Definition rate (t : nat) (x : T) : Param := scal (/ beta x : R_AbsRing) (rule (z t x, fst (z (1 + t) x))).

Lemma w_ge_1 x : 1 <= w x.
Proof. unfold w. generalize (Rabs_pos (kappa x)); lra. Qed.
Lemma kappa_w x : Rabs (kappa x) <= w x.
Proof. unfold w. lra. Qed.
Lemma bw_to_0 : filterlim (fun x => beta x * w x) FF (locally (0:R)).
Proof.
apply (@flim_norm T FF HF R_NormedModule). intros eps.
assert (N1 := proj1 (@flim_norm T FF HF R_NormedModule beta 0) beta_to_0 (pos_div_2 eps)).
assert (N2 := proj1 (@flim_norm T FF HF R_NormedModule eta 0) eta_to_0 (pos_div_2 eps)).
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ beta_nonzero (filter_and _ _ N1 N2))). intros x [X [Y Q]].
change (Rabs (beta x + - 0) < eps / 2) in Y. change (Rabs (eta x + - 0) < eps / 2) in Q.
change (Rabs (beta x * w x + - 0) < eps). rewrite Ropp_0, Rplus_0_r in *.
unfold w. rewrite Rabs_mult, (Rabs_right (1 + _)) by (generalize (Rabs_pos (kappa x)); lra).
rewrite Rmult_plus_distr_l, Rmult_1_r, <- Rabs_mult.
replace (beta x * kappa x) with (eta x) by (unfold kappa; field; auto). lra.
Qed.

Lemma shift_s_0 x : shift_s 0 x = zero.
Proof. unfold shift_s, z; simpl. assert (E : minus s_star s_star = zero) by module State. rewrite E. apply scZ. Qed.
Lemma shift_theta_0 x : shift_theta 0 x = zero.
Proof. unfold shift_theta, z; simpl. assert (E : minus theta theta = zero) by module Param. rewrite E. apply scZ. Qed.
Lemma shift_theta_next t x : shift_theta (1 + t) x = plus (shift_theta t x) (scal (kappa x : R_AbsRing) (rate t x)).
Proof.
unfold shift_theta, rate.
change (snd (z (1 + t) x)) with (plus (snd (z t x)) (scal (eta x / beta x : R_AbsRing) (rule (z t x, fst (z (1 + t) x))))).
unfold kappa. module Param.
Qed.
Lemma Delta_s_shift t x : Delta_s F grad_ell rule s_star theta (beta x) (eta x) t = minus (shift_s (1 + t) x) (shift_s t x).
Proof.
unfold Delta_s, shift_s. fold (z (1 + t) x) (z t x). module State.
Qed.
Lemma Delta_theta_rate t : FF (fun x => eta x <> 0) ->
  FF (fun x => Delta_theta F grad_ell rule s_star theta (beta x) (eta x) t = rate t x).
Proof.
intros He0. refine (@filter_imp T FF HF _ _ _ (filter_and _ _ beta_nonzero He0)). intros x [X Y].
unfold Delta_theta, rate.
change (snd (nudged_phase F grad_ell rule s_star theta (beta x) (eta x) (1 + t)))
  with (plus (snd (z t x)) (scal (eta x / beta x : R_AbsRing) (rule (z t x, fst (z (1 + t) x))))).
change (snd (nudged_phase F grad_ell rule s_star theta (beta x) (eta x) t)) with (snd (z t x)).
module_field Param.
Qed.

Local Notation small := (littleO FF w).
Local Notation bounded V f := (bigO FF V f w).

Lemma const_bounded (V : NM) (v : V) : bounded V (fun _ => v).
Proof. exact (@bO_const T FF HF w w_ge_1 V v). Qed.
Lemma shift_z_bounded t : bounded State (shift_s t) -> bounded Param (shift_theta t) ->
  bounded Z (fun x => scal (/ beta x : R_AbsRing) (minus (z t x) ((s_star, theta) : Z))).
Proof. intros H1 H2. exact (@bO_pair T FF HF State Param (shift_s t) (shift_theta t) w H1 H2). Qed.

(** One step of the neurons: [shift_s (t+1) = J shift_s + B shift_theta - g + o(1 + |kappa|)]. *)
Lemma state_step t : bounded State (shift_s t) -> bounded Param (shift_theta t) ->
  small State (fun x => minus (shift_s (1 + t) x) (minus (plus (J (shift_s t x)) (B (shift_theta t x))) g)).
Proof.
intros H1 H2.
assert (Q := @difference_quotient T FF HF w w_ge_1 Z State (s_star, theta) beta (z t) beta_nonzero bw_to_0 (shift_z_bounded H1 H2) F _ F_diff).
cbv beta in Q. rewrite settled in Q.
assert (Ls : filterlim (fun x => fst (z t x)) FF (locally s_star))
  by exact (@perturbation_to_0 T FF HF w w_ge_1 State s_star beta (fun x => fst (z t x)) beta_nonzero bw_to_0 H1).
assert (Lg : filterlim (fun x => minus (grad_ell (fst (z t x))) g) FF (locally (zero : State))).
{ assert (E : (zero : State) = minus g g) by module State. rewrite E.
  apply (@flim_minus T FF HF State). 2: apply filterlim_const. eapply filterlim_comp. exact Ls. exact grad_ell_cont. }
refine (@lo_ext T FF HF w State _ _ _ (@lo_minus T FF HF w State _ _ Q (@lo_of_limit T FF HF w w_ge_1 State _ Lg))).
revert beta_nonzero. apply filter_imp. intros x X. cbv beta.
change (fst (scal (/ beta x : R_AbsRing) (minus (z t x) ((s_star, theta) : Z)))) with (shift_s t x).
change (snd (scal (/ beta x : R_AbsRing) (minus (z t x) ((s_star, theta) : Z)))) with (shift_theta t x).
unfold shift_s at 2.
change (fst (z (1 + t) x)) with (minus (F (z t x)) (scal (beta x : R_AbsRing) (grad_ell (fst (z t x))))).
module_field State.
Qed.

(** One step of the rule: [rate t = C (shift_s (t+1) - shift_s t) + o(1 + |kappa|)]. *)
Lemma rate_step t : bounded State (shift_s t) -> bounded Param (shift_theta t) -> bounded State (shift_s (1 + t)) ->
  small Param (fun x => minus (rate t x) (C (minus (shift_s (1 + t) x) (shift_s t x)))).
Proof.
intros H1 H2 H3.
assert (Hb : bounded ZS (fun x => scal (/ beta x : R_AbsRing) (minus ((z t x, fst (z (1 + t) x)) : ZS) (((s_star, theta), s_star) : ZS))))
  by exact (@bO_pair T FF HF Z State _ (shift_s (1 + t)) w (shift_z_bounded H1 H2) H3).
assert (Q := @difference_quotient T FF HF w w_ge_1 ZS Param ((s_star, theta), s_star) beta (fun x => (z t x, fst (z (1 + t) x)))
   beta_nonzero bw_to_0 Hb rule _ rule_diff).
cbv beta in Q. rewrite rule_at_rest in Q.
refine (@lo_ext T FF HF w Param _ _ _ Q). apply filter_forall. intros x. cbv beta.
change (minus (snd (scal (/ beta x : R_AbsRing) (minus ((z t x, fst (z (1 + t) x)) : ZS) (((s_star, theta), s_star) : ZS))))
   (fst (fst (scal (/ beta x : R_AbsRing) (minus ((z t x, fst (z (1 + t) x)) : ZS) (((s_star, theta), s_star) : ZS))))))
  with (minus (shift_s (1 + t) x) (shift_s t x)).
unfold rate. module Param.
Qed.

(** *** A bounded ratio: the linear recursion with the current kappa *)
Section BoundedRatio.
Variable K : R.
Hypothesis kappa_bounded : FF (fun x => Rabs (kappa x) <= K).

Lemma w_bounded : FF (fun x => w x <= 1 + K).
Proof. revert kappa_bounded. apply filter_imp. intros x X. unfold w. lra. Qed.
Lemma bounded_scal_kappa (V : NM) (f : T -> V) : bounded V f -> bounded V (fun x => scal (kappa x : R_AbsRing) (f x)).
Proof.
intros Hf. apply (@bO_le T FF HF V _ (fun x => Rabs (kappa x) * w x) w (Rabs K)). apply Rabs_pos.
- revert kappa_bounded. apply filter_imp. intros x X. apply Rmult_le_compat_r. generalize (w_ge_1 x); lra.
  generalize (Rle_abs K); lra.
- exact (@bO_scal T FF HF V kappa f w Hf).
Qed.
Lemma shifts_bounded t : bounded State (shift_s t) /\ bounded Param (shift_theta t).
Proof.
induction t as [|t [I1 I2]].
- split.
  + apply (@bO_ext T FF HF State (fun _ => zero)). apply filter_forall. intros x. symmetry. apply shift_s_0. apply const_bounded.
  + apply (@bO_ext T FF HF Param (fun _ => zero)). apply filter_forall. intros x. symmetry. apply shift_theta_0. apply const_bounded.
- assert (I3 : bounded State (shift_s (1 + t))).
  { apply (@bO_ext T FF HF State (fun x => plus (minus (shift_s (1 + t) x) (minus (plus (J (shift_s t x)) (B (shift_theta t x))) g))
      (minus (plus (J (shift_s t x)) (B (shift_theta t x))) g))).
    apply filter_forall. intros x. module State.
    apply (@bO_plus T FF HF State). apply (@bO_of_lo T FF w State). now apply state_step.
    apply (@bO_minus T FF HF State). apply (@bO_plus T FF HF State).
    now apply (@bO_lin T FF HF State State J). now apply (@bO_lin T FF HF Param State B). apply const_bounded. }
  split. exact I3.
  apply (@bO_ext T FF HF Param (fun x => plus (shift_theta t x) (scal (kappa x : R_AbsRing) (rate t x)))).
  apply filter_forall. intros x. symmetry. apply shift_theta_next.
  apply (@bO_plus T FF HF Param). exact I2. apply bounded_scal_kappa.
  apply (@bO_ext T FF HF Param (fun x => plus (minus (rate t x) (C (minus (shift_s (1 + t) x) (shift_s t x)))) (C (minus (shift_s (1 + t) x) (shift_s t x))))).
  apply filter_forall. intros x. module Param.
  apply (@bO_plus T FF HF Param). apply (@bO_of_lo T FF w Param). now apply rate_step.
  apply (@bO_lin T FF HF State Param C); auto. now apply (@bO_minus T FF HF State).
Qed.

Let u (t : nat) (x : T) : State := fst (linear_phase State Param grad_ell s_star J B C (kappa x) t).
Let v (t : nat) (x : T) : Param := snd (linear_phase State Param grad_ell s_star J B C (kappa x) t).
Lemma moving_linear_phase t :
  small State (fun x => minus (shift_s t x) (u t x)) /\ small Param (fun x => minus (shift_theta t x) (v t x)).
Proof.
induction t as [|t [I1 I2]].
- split.
  + apply (@lo_ext T FF HF w State (fun _ => zero)).
    apply filter_forall. intros x. rewrite shift_s_0. unfold u; simpl. module State.
    apply (@lo_of_limit T FF HF w w_ge_1 State). apply filterlim_const.
  + apply (@lo_ext T FF HF w Param (fun _ => zero)).
    apply filter_forall. intros x. rewrite shift_theta_0. unfold v; simpl. module Param.
    apply (@lo_of_limit T FF HF w w_ge_1 Param). apply filterlim_const.
- destruct (shifts_bounded t) as [B1 B2]. destruct (shifts_bounded (1 + t)) as [B3 _].
  assert (I3 : small State (fun x => minus (shift_s (1 + t) x) (u (1 + t) x))).
  { apply (@lo_ext T FF HF w State (fun x => plus (minus (shift_s (1 + t) x) (minus (plus (J (shift_s t x)) (B (shift_theta t x))) g))
      (plus (J (minus (shift_s t x) (u t x))) (B (minus (shift_theta t x) (v t x)))))).
    { apply filter_forall. intros x.
      assert (E1 : J (minus (shift_s t x) (u t x)) = minus (J (shift_s t x)) (J (u t x))) by exact (linear_minus J _ _ J_linear).
      assert (E2 : B (minus (shift_theta t x) (v t x)) = minus (B (shift_theta t x)) (B (v t x))) by exact (linear_minus B _ _ B_linear).
      rewrite E1, E2.
      change (u (1 + t) x) with (minus (plus (J (u t x)) (B (v t x))) g). module State. }
    apply (@lo_plus T FF HF w State). now apply state_step. apply (@lo_plus T FF HF w State).
    now apply (@lo_linear T FF HF w State State J). now apply (@lo_linear T FF HF w Param State B). }
  split. exact I3.
  assert (Q : small Param (fun x => minus (rate t x) (C (minus (u (1 + t) x) (u t x))))).
  { apply (@lo_ext T FF HF w Param (fun x => plus (minus (rate t x) (C (minus (shift_s (1 + t) x) (shift_s t x))))
      (C (minus (minus (shift_s (1 + t) x) (u (1 + t) x)) (minus (shift_s t x) (u t x)))))).
    { apply filter_forall. intros x.
      assert (E : minus (minus (shift_s (1 + t) x) (u (1 + t) x)) (minus (shift_s t x) (u t x))
        = minus (minus (shift_s (1 + t) x) (shift_s t x)) (minus (u (1 + t) x) (u t x))) by module State.
      assert (E1 : forall a b, C (minus a b) = minus (C a) (C b)) by (intros a b; exact (linear_minus C _ _ C_linear)).
      rewrite E, (E1 (minus (shift_s (1 + t) x) (shift_s t x))). module Param. }
    apply (@lo_plus T FF HF w Param). now apply rate_step.
    apply (@lo_linear T FF HF w State Param C); auto. now apply (@lo_minus T FF HF w State). }
  apply (@lo_ext T FF HF w Param (fun x => plus (minus (shift_theta t x) (v t x))
     (scal (kappa x : R_AbsRing) (minus (rate t x) (C (minus (u (1 + t) x) (u t x))))))).
  { apply filter_forall. intros x. change (Datatypes.S t) with (1 + t)%nat. rewrite shift_theta_next.
    change (v (1 + t) x) with (plus (v t x) (scal (kappa x : R_AbsRing) (C (minus (u (1 + t) x) (u t x))))). module Param. }
  apply (@lo_plus T FF HF w Param). exact I2.
  apply (@lo_scal T FF HF w Param kappa _ kappa_w).
  exact (@limit_of_lo T FF HF w Param (1 + K) _ w_bounded Q).
Qed.

(** With a bounded ratio, [Delta_s(t) = -(J + kappa B C)^t g + o(1)], where kappa
    is the current value of eta/beta; the same for [Delta_theta]. *)
Theorem Delta_moving_ratio t :
  filterlim (fun x => plus (Delta_s F grad_ell rule s_star theta (beta x) (eta x) t)
                        (iterate (modified_jacobian J B C (kappa x)) t g)) FF (locally (zero : State)) /\
  (FF (fun x => eta x <> 0) ->
   filterlim (fun x => plus (Delta_theta F grad_ell rule s_star theta (beta x) (eta x) t)
                        (C (iterate (modified_jacobian J B C (kappa x)) t g))) FF (locally (zero : Param))).
Proof.
destruct (moving_linear_phase t) as [I1 _]. destruct (moving_linear_phase (1 + t)) as [I1' _].
assert (D : small State (fun x => plus (minus (shift_s (1 + t) x) (shift_s t x)) (iterate (modified_jacobian J B C (kappa x)) t g))).
{ apply (@lo_ext T FF HF w State (fun x => minus (minus (shift_s (1 + t) x) (u (1 + t) x)) (minus (shift_s t x) (u t x)))).
  apply filter_forall. intros x.
  assert (E : minus (u (1 + t) x) (u t x) = opp (iterate (modified_jacobian J B C (kappa x)) t g))
    by exact (@linear_phase_increment State Param grad_ell s_star J B C J_linear B_linear C_linear (kappa x) t).
  assert (E' : iterate (modified_jacobian J B C (kappa x)) t g = opp (minus (u (1 + t) x) (u t x))) by (rewrite E; module State).
  rewrite E'. module State. now apply (@lo_minus T FF HF w State). }
split.
- apply filterlim_ext with (fun x => plus (minus (shift_s (1 + t) x) (shift_s t x)) (iterate (modified_jacobian J B C (kappa x)) t g)).
  intros x. now rewrite Delta_s_shift.
  exact (@limit_of_lo T FF HF w State (1 + K) _ w_bounded D).
- intros He0.
  destruct (shifts_bounded t) as [B1 B2]. destruct (shifts_bounded (1 + t)) as [B3 _].
  assert (Q : small Param (fun x => plus (rate t x) (C (iterate (modified_jacobian J B C (kappa x)) t g)))).
  { apply (@lo_ext T FF HF w Param (fun x => plus (minus (rate t x) (C (minus (shift_s (1 + t) x) (shift_s t x))))
      (C (plus (minus (shift_s (1 + t) x) (shift_s t x)) (iterate (modified_jacobian J B C (kappa x)) t g))))).
    { apply filter_forall. intros x.
      assert (E1 : forall a b, C (plus a b) = plus (C a) (C b)) by (intros a b; exact (linear_plus C C_linear _ _)).
      rewrite (E1 (minus (shift_s (1 + t) x) (shift_s t x))). module Param. }
    apply (@lo_plus T FF HF w Param). now apply rate_step. now apply (@lo_linear T FF HF w State Param C). }
  apply filterlim_ext_loc with (fun x => plus (rate t x) (C (iterate (modified_jacobian J B C (kappa x)) t g))).
  generalize (Delta_theta_rate t He0). apply filter_imp. intros x X. now rewrite X.
  exact (@limit_of_lo T FF HF w Param (1 + K) _ w_bounded Q).
Qed.
End BoundedRatio.
End Moving.
