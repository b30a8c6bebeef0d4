(** * C-EP along a path on which the ratio eta/beta moves

    Technical lemmas for [OrderOfLimits.v].  In [LinearResponse.v] the ratio
    kappa = eta/beta converges; here it only moves: it may oscillate, and it may
    even be unbounded.  Every estimate is therefore made relative to
    [1 + |kappa|], the size of the perturbation that the second phase applies
    in units of beta. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LinearResponse.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Little-o along a filter *)
Section LittleO.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variable w : T -> R.
Hypothesis w_ge_1 : forall x, 1 <= w x.

(** [f] is negligible against the weight [w]. *)
Definition littleO (V : NM) (f : T -> V) : Prop :=
  forall eps : posreal, FF (fun x => norm (f x) <= eps * w x).

Section Rules.
Variables U V : NM.
Lemma lo_ext (f g : T -> V) : FF (fun x => f x = g x) -> littleO V f -> littleO V g.
Proof.
intros E H eps. generalize (filter_and _ _ E (H eps)). apply filter_imp. intros x [<- X]. exact X.
Qed.
Lemma lo_plus (f g : T -> V) : littleO V f -> littleO V g -> littleO V (fun x => plus (f x) (g x)).
Proof.
intros Hf Hg eps. generalize (filter_and _ _ (Hf (pos_div_2 eps)) (Hg (pos_div_2 eps))).
apply filter_imp. intros x [X Y]. eapply Rle_trans. apply norm_triangle. simpl in X, Y.
apply Rle_trans with (eps / 2 * w x + eps / 2 * w x). now apply Rplus_le_compat. right; field.
Qed.
Lemma lo_opp (f : T -> V) : littleO V f -> littleO V (fun x => opp (f x)).
Proof.
intros Hf eps. generalize (Hf eps). apply filter_imp. intros x X.
eapply Rle_trans. right; apply norm_opp. exact X.
Qed.
Lemma lo_minus (f g : T -> V) : littleO V f -> littleO V g -> littleO V (fun x => minus (f x) (g x)).
Proof. intros Hf Hg. apply lo_plus; auto. now apply lo_opp. Qed.
Lemma lo_linear (l : U -> V) (f : T -> U) : is_linear l -> littleO U f -> littleO V (fun x => l (f x)).
Proof.
intros [_ _ [M [M0 HM]]] Hf eps.
assert (He : 0 < eps / M) by (apply Rdiv_lt_0_compat; auto; apply cond_pos).
generalize (Hf (mkposreal _ He)). apply filter_imp. intros x X. simpl in X.
eapply Rle_trans. apply HM.
apply Rle_trans with (M * (eps / M * w x)). apply Rmult_le_compat_l; auto. lra.
right. field. lra.
Qed.
(** A factor at most the weight turns a null function into a negligible one. *)
Lemma lo_scal (k : T -> R) (f : T -> V) : (forall x, Rabs (k x) <= w x) ->
  filterlim f FF (locally (zero : V)) -> littleO V (fun x => scal (k x : R_AbsRing) (f x)).
Proof.
intros Hk Hf eps.
generalize (proj1 (@flim_norm T FF HF V f zero) Hf eps).
apply filter_imp. intros x Y.
assert (Y' : norm (f x) < eps).
{ eapply Rle_lt_trans. 2: exact Y. right. apply f_equal. symmetry. apply minus_zero_r. }
eapply Rle_trans. right; apply norm_scal_R. rewrite Rmult_comm.
apply Rmult_le_compat; auto. apply norm_ge_0. apply Rabs_pos. now left.
Qed.
Lemma lo_of_limit (f : T -> V) : filterlim f FF (locally (zero : V)) -> littleO V f.
Proof.
intros Hf. apply lo_ext with (fun x => scal (1 : R_AbsRing) (f x)).
apply filter_forall. intros x. apply sc1.
apply (@lo_scal (fun _ => 1)); auto. intros x. rewrite Rabs_R1. apply w_ge_1.
Qed.
(** Against a bounded weight, negligible means null. *)
Lemma limit_of_lo (K : R) (f : T -> V) : FF (fun x => w x <= K) -> littleO V f -> filterlim f FF (locally (zero : V)).
Proof.
intros W Hf. apply flim_norm; auto. intros eps.
assert (K0 : 0 < Rabs K + 1) by (generalize (Rabs_pos K); lra).
assert (He : 0 < eps / 2 / (Rabs K + 1)) by (apply Rdiv_lt_0_compat; auto; generalize (cond_pos eps); lra).
generalize (filter_and _ _ W (Hf (mkposreal _ He))). apply filter_imp. intros x [X Y]. simpl in Y.
eapply Rle_lt_trans. right; apply f_equal; apply minus_zero_r.
eapply Rle_lt_trans. exact Y.
apply Rle_lt_trans with (eps / 2 / (Rabs K + 1) * (Rabs K + 1)).
apply Rmult_le_compat_l. lra. generalize (Rle_abs K); lra.
generalize (cond_pos eps). intros. apply Rle_lt_trans with (eps / 2). right; field; lra. lra.
Qed.
Lemma bO_of_lo (f : T -> V) : littleO V f -> bigO FF V f w.
Proof.
intros Hf. exists 1. split. lra. exact (Hf (mkposreal 1 Rlt_0_1)).
Qed.
Lemma bO_const (v : V) : bigO FF V (fun _ => v) w.
Proof.
exists (norm v). split. apply norm_ge_0. apply filter_forall. intros x.
apply Rle_trans with (norm v * 1). lra. apply Rmult_le_compat_l. apply norm_ge_0. apply w_ge_1.
Qed.
Lemma bO_factor (k : T -> R) (v : V) : (forall x, Rabs (k x) <= w x) -> bigO FF V (fun x => scal (k x : R_AbsRing) v) w.
Proof.
intros Hk. exists (norm v). split. apply norm_ge_0. apply filter_forall. intros x.
eapply Rle_trans. right; apply norm_scal_R. rewrite Rmult_comm. apply Rmult_le_compat_l; auto. apply norm_ge_0.
Qed.
End Rules.

(** *** Differentiability along a moving perturbation

    If [p = p0 + b q] with [q = O(w)] and [b w -> 0], then
    [(f p - f p0) / b = l q + o(w)]. *)
Section DifferenceQuotient.
Variables (U V : NM) (p0 : U) (b : T -> R) (p : T -> U).
Hypothesis b_nonzero : FF (fun x => b x <> 0).
Hypothesis bw_to_0 : filterlim (fun x => b x * w x) FF (locally (0:R)).
Hypothesis p_bounded : bigO FF U (fun x => scal (/ b x : R_AbsRing) (minus (p x) p0)) w.

Lemma perturbation_to_0 : filterlim p FF (locally p0).
Proof.
destruct p_bounded as [M [M0 HM]].
apply flim_norm; auto. intros d.
assert (Hd1 : 0 < d / (M + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
assert (N := proj1 (@flim_norm T FF HF R_NormedModule _ 0) bw_to_0 (mkposreal _ Hd1)).
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ b_nonzero (filter_and _ _ HM N))). intros x [X [Y Q]].
change (Rabs (b x * w x + - 0) < d / (M + 1)) in Q. rewrite Ropp_0, Rplus_0_r in Q.
assert (E : minus (p x) p0 = scal (b x : R_AbsRing) (scal (/ b x : R_AbsRing) (minus (p x) p0))) by module_field U.
rewrite E. eapply Rle_lt_trans. right; apply norm_scal_R.
apply Rle_lt_trans with (Rabs (b x) * (M * w x)). apply Rmult_le_compat_l; auto. apply Rabs_pos.
rewrite Rabs_mult, (Rabs_right (w x)) in Q by (generalize (w_ge_1 x); lra).
apply Rle_lt_trans with (M * (d / (M + 1))).
{ replace (Rabs (b x) * (M * w x)) with (M * (Rabs (b x) * w x)) by ring. apply Rmult_le_compat_l; lra. }
apply Rmult_lt_reg_r with (M + 1). lra. field_simplify; [|lra]. generalize (cond_pos d). nra.
Qed.

Lemma difference_quotient (f l : U -> V) : filterdiff f (locally p0) l ->
  littleO V (fun x => minus (scal (/ b x : R_AbsRing) (minus (f (p x)) (f p0)))
                           (l (scal (/ b x : R_AbsRing) (minus (p x) p0)))).
Proof.
intros [Hl Hd] eps. destruct p_bounded as [M [M0 HM]].
assert (He : 0 < eps / (M + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
assert (N := perturbation_to_0 (Hd p0 (fun P H => H) (mkposreal _ He))). unfold filtermap in N. simpl in N.
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ HM N)). intros x [Y Q].
assert (El : l (scal (/ b x : R_AbsRing) (minus (p x) p0)) = scal (/ b x : R_AbsRing) (l (minus (p x) p0)))
  by exact (linear_scal l Hl (/ b x : R_AbsRing) _).
rewrite El.
assert (E : minus (scal (/ b x : R_AbsRing) (minus (f (p x)) (f p0))) (scal (/ b x : R_AbsRing) (l (minus (p x) p0)))
   = scal (/ b x : R_AbsRing) (minus (minus (f (p x)) (f p0)) (l (minus (p x) p0)))) by module V.
rewrite E. eapply Rle_trans. right; apply norm_scal_R.
assert (NS : Rabs (/ b x) * norm (minus (p x) p0) <= M * w x).
{ eapply Rle_trans. right; symmetry; apply norm_scal_R. exact Y. }
apply Rle_trans with (Rabs (/ b x) * (eps / (M + 1) * norm (minus (p x) p0))).
{ apply Rmult_le_compat_l; auto. apply Rabs_pos. }
apply Rle_trans with (eps / (M + 1) * (M * w x)).
{ replace (Rabs (/ b x) * (eps / (M + 1) * norm (minus (p x) p0))) with (eps / (M + 1) * (Rabs (/ b x) * norm (minus (p x) p0))) by ring.
  apply Rmult_le_compat_l; auto. lra. }
apply Rle_trans with (eps / (M + 1) * ((M + 1) * w x)).
- apply Rmult_le_compat_l. lra. generalize (w_ge_1 x); lra.
- right; field; lra.
Qed.
End DifferenceQuotient.
End LittleO.

Arguments littleO {T}.

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

(** *** An arbitrary ratio: the first step at which kappa shows

    Suppose that the rates of the steps [0 .. m] converge, to zero before [m] and to [c] at [m].
    Then the parameters have not moved (relative to [beta (1 + |kappa|)]) before step [m + 1],
    they have moved by [kappa c] at step [m + 1], and this is what the neurons and the rule see next. *)
Section FirstTrace.
Variables (m : nat) (c : Param).
Hypothesis rate_before : forall i, (i < m)%nat -> filterlim (rate i) FF (locally (zero : Param)).
Hypothesis rate_first : filterlim (rate m) FF (locally c).
Let u (t : nat) : State := fst (linear_phase State Param grad_ell s_star J B C 0 t).

Lemma u_next t : u (1 + t) = minus (J (u t)) g.
Proof.
unfold u. etransitivity.
apply (@linear_phase_state State Param grad_ell s_star J B C B_linear C_linear 0 t).
rewrite modified_jacobian_0. reflexivity.
Qed.
Lemma bounded_of_shift (t : nat) (f : T -> State) (a : State) : small State (fun x => minus (f x) a) -> bounded State f.
Proof.
intros H. apply (@bO_ext T FF HF State (fun x => plus (minus (f x) a) a)).
apply filter_forall. intros x. module State.
apply (@bO_plus T FF HF State). now apply (@bO_of_lo T FF w State). apply const_bounded.
Qed.
Lemma before_first_trace i : (i <= m)%nat -> small Param (shift_theta i) /\ small State (fun x => minus (shift_s i x) (u i)).
Proof.
induction i as [|i IH]; intros Hi.
- split.
  + apply (@lo_ext T FF HF w Param (fun _ => zero)).
    apply filter_forall. intros x. symmetry. apply shift_theta_0.
    apply (@lo_of_limit T FF HF w w_ge_1 Param). apply filterlim_const.
  + apply (@lo_ext T FF HF w State (fun _ => zero)).
    apply filter_forall. intros x. rewrite shift_s_0. unfold u; simpl. module State.
    apply (@lo_of_limit T FF HF w w_ge_1 State). apply filterlim_const.
- destruct IH as [I1 I2]. lia. split.
  + apply (@lo_ext T FF HF w Param (fun x => plus (shift_theta i x) (scal (kappa x : R_AbsRing) (rate i x)))).
    apply filter_forall. intros x. symmetry. apply shift_theta_next.
    apply (@lo_plus T FF HF w Param). exact I1. apply (@lo_scal T FF HF w Param kappa _ kappa_w). apply rate_before. lia.
  + apply (@lo_ext T FF HF w State (fun x => plus (minus (shift_s (1 + i) x) (minus (plus (J (shift_s i x)) (B (shift_theta i x))) g))
      (plus (J (minus (shift_s i x) (u i))) (B (shift_theta i x))))).
    { apply filter_forall. intros x. change (Datatypes.S i) with (1 + i)%nat. rewrite u_next.
      assert (E1 : J (minus (shift_s i x) (u i)) = minus (J (shift_s i x)) (J (u i))) by exact (linear_minus J _ _ J_linear).
      rewrite E1. module State. }
    apply (@lo_plus T FF HF w State).
    apply state_step. now apply bounded_of_shift with (u i). now apply (@bO_of_lo T FF w Param).
    apply (@lo_plus T FF HF w State). now apply (@lo_linear T FF HF w State State J). now apply (@lo_linear T FF HF w Param State B).
Qed.
Lemma next_state : small State (fun x => minus (shift_s (1 + m) x) (u (1 + m))).
Proof.
destruct (@before_first_trace m) as [I1 I2]. lia.
apply (@lo_ext T FF HF w State (fun x => plus (minus (shift_s (1 + m) x) (minus (plus (J (shift_s m x)) (B (shift_theta m x))) g))
   (plus (J (minus (shift_s m x) (u m))) (B (shift_theta m x))))).
{ apply filter_forall. intros x. rewrite u_next.
  assert (E1 : J (minus (shift_s m x) (u m)) = minus (J (shift_s m x)) (J (u m))) by exact (linear_minus J _ _ J_linear).
  rewrite E1. module State. }
apply (@lo_plus T FF HF w State).
apply state_step. now apply bounded_of_shift with (u m). now apply (@bO_of_lo T FF w Param).
apply (@lo_plus T FF HF w State). now apply (@lo_linear T FF HF w State State J). now apply (@lo_linear T FF HF w Param State B).
Qed.
Lemma next_param : small Param (fun x => minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)).
Proof.
destruct (@before_first_trace m) as [I1 _]. lia.
apply (@lo_ext T FF HF w Param (fun x => plus (shift_theta m x) (scal (kappa x : R_AbsRing) (minus (rate m x) c)))).
apply filter_forall. intros x. rewrite shift_theta_next. module Param.
apply (@lo_plus T FF HF w Param). exact I1. apply (@lo_scal T FF HF w Param kappa _ kappa_w).
assert (E : (zero : Param) = minus c c) by module Param. rewrite E.
apply (@flim_minus T FF HF Param). exact rate_first. apply filterlim_const.
Qed.
Lemma next_param_bounded : bounded Param (shift_theta (1 + m)).
Proof.
apply (@bO_ext T FF HF Param (fun x => plus (minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)) (scal (kappa x : R_AbsRing) c))).
apply filter_forall. intros x. module Param.
apply (@bO_plus T FF HF Param). apply (@bO_of_lo T FF w Param). exact next_param.
apply (@bO_factor T FF HF w Param). exact kappa_w.
Qed.
Lemma second_next_state : small State (fun x => minus (shift_s (2 + m) x) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c)))).
Proof.
apply (@lo_ext T FF HF w State (fun x => plus (minus (shift_s (1 + (1 + m)) x) (minus (plus (J (shift_s (1 + m) x)) (B (shift_theta (1 + m) x))) g))
   (plus (J (minus (shift_s (1 + m) x) (u (1 + m)))) (B (minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)))))).
{ apply filter_forall. intros x. change (2 + m)%nat with (1 + (1 + m))%nat. rewrite (u_next (1 + m)).
  assert (E1 : J (minus (shift_s (1 + m) x) (u (1 + m))) = minus (J (shift_s (1 + m) x)) (J (u (1 + m)))) by exact (linear_minus J _ _ J_linear).
  assert (E2 : B (minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)) = minus (B (shift_theta (1 + m) x)) (scal (kappa x : R_AbsRing) (B c))).
  { etransitivity. exact (linear_minus B _ _ B_linear). apply f_equal. exact (linear_scal B B_linear (kappa x : R_AbsRing) c). }
  rewrite E1, E2. module State. }
apply (@lo_plus T FF HF w State).
apply state_step. apply bounded_of_shift with (u (1 + m)). exact 0%nat. exact next_state. exact next_param_bounded.
apply (@lo_plus T FF HF w State). apply (@lo_linear T FF HF w State State J); auto. exact next_state.
apply (@lo_linear T FF HF w Param State B); auto. exact next_param.
Qed.

Theorem first_trace :
  small State (fun x => minus (Delta_s F grad_ell rule s_star theta (beta x) (eta x) (1 + m))
                          (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c)))) /\
  (FF (fun x => eta x <> 0) ->
   small Param (fun x => minus (Delta_theta F grad_ell rule s_star theta (beta x) (eta x) (1 + m))
                          (plus (C (opp (iterate J (1 + m) g))) (scal (kappa x : R_AbsRing) (C (B c)))))).
Proof.
assert (U : minus (u (2 + m)) (u (1 + m)) = opp (iterate J (1 + m) g)).
{ etransitivity. exact (@linear_phase_increment State Param grad_ell s_star J B C J_linear B_linear C_linear 0 (1 + m)).
  apply f_equal. apply iterate_ext. apply modified_jacobian_0. }
assert (D : small State (fun x => minus (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c))))).
{ apply (@lo_ext T FF HF w State (fun x => minus (minus (shift_s (2 + m) x) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c)))) (minus (shift_s (1 + m) x) (u (1 + m))))).
  apply filter_forall. intros x. rewrite <- U. module State.
  apply (@lo_minus T FF HF w State). exact second_next_state. exact next_state. }
split.
- apply (@lo_ext T FF HF w State (fun x => minus (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c))))).
  apply filter_forall. intros x. now rewrite Delta_s_shift. exact D.
- intros He0.
  assert (B3 : bounded State (shift_s (2 + m))).
  { apply (@bO_ext T FF HF State (fun x => plus (minus (shift_s (2 + m) x) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c)))) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c))))).
    apply filter_forall. intros x. module State.
    apply (@bO_plus T FF HF State). apply (@bO_of_lo T FF w State). exact second_next_state.
    apply (@bO_plus T FF HF State). apply const_bounded. apply (@bO_factor T FF HF w State). exact kappa_w. }
  assert (B1 : bounded State (shift_s (1 + m))) by (apply bounded_of_shift with (u (1 + m)); [exact 0%nat | exact next_state]).
  assert (Q := @rate_step (1 + m) B1 next_param_bounded B3).
  apply (@lo_ext T FF HF w Param (fun x => plus (minus (rate (1 + m) x) (C (minus (shift_s (1 + (1 + m)) x) (shift_s (1 + m) x))))
    (C (minus (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c))))))).
  { generalize (Delta_theta_rate (1 + m) He0). apply filter_imp. intros x X. rewrite X.
    assert (E1 : forall a b, C (minus a b) = minus (C a) (C b)) by (intros a b; exact (linear_minus C _ _ C_linear)).
    assert (E2 : forall a b, C (plus a b) = plus (C a) (C b)) by (intros a b; exact (linear_plus C C_linear _ _)).
    assert (E3 : forall k a, C (scal (k : R_AbsRing) a) = scal (k : R_AbsRing) (C a)) by (intros k a; exact (linear_scal C C_linear (k : R_AbsRing) a)).
    change (1 + (1 + m))%nat with (2 + m)%nat.
    rewrite (E1 (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus _ _)), E2, E3. module Param. }
  apply (@lo_plus T FF HF w Param). exact Q. now apply (@lo_linear T FF HF w State Param C).
Qed.
End FirstTrace.

(** A multiple [kappa v] of a fixed non-zero vector that is negligible against [1 + |kappa|] forces [kappa -> 0]. *)
Lemma kappa_to_0 (V : NM) (v : V) : v <> zero -> small V (fun x => scal (kappa x : R_AbsRing) v) ->
  filterlim kappa FF (locally (0:R)).
Proof.
intros Hv Hs. assert (Pv := norm_gt_0 _ Hv).
apply (@flim_norm T FF HF R_NormedModule). intros eps.
assert (Pe := cond_pos eps).
assert (He : 0 < norm v * eps / (2 * (1 + eps))) by (apply Rdiv_lt_0_compat; nra).
generalize (Hs (mkposreal _ He)). apply filter_imp. intros x X. simpl in X.
change (Rabs (kappa x + - 0) < eps). rewrite Ropp_0, Rplus_0_r.
assert (X' : Rabs (kappa x) * norm v <= norm v * eps / (2 * (1 + eps)) * w x).
{ eapply Rle_trans. right; symmetry; apply norm_scal_R. exact X. }
unfold w in X'. assert (Pk := Rabs_pos (kappa x)). set (k := Rabs (kappa x)) in *.
assert (X2 : k * norm v * (2 * (1 + eps)) <= norm v * eps * (1 + k)).
{ replace (norm v * eps * (1 + k)) with (norm v * eps / (2 * (1 + eps)) * (1 + k) * (2 * (1 + eps))) by (field; lra).
  apply Rmult_le_compat_r; lra. }
apply Rmult_lt_reg_l with (norm v). exact Pv. nra.
Qed.

(** *** The rates, when the state updates are the right ones *)

(** At the first step the parameters are still at rest, and the rate converges whatever kappa does. *)
Lemma rate_0 : filterlim (rate 0) FF (locally (C (opp g))).
Proof.
assert (Hk : filterlim (fun x => 0 / beta x) FF (locally (0:R))).
{ apply filterlim_ext with (fun _ => 0). intros x. unfold Rdiv. ring. apply filterlim_const. }
assert (L := @rule_limit State Param F grad_ell rule s_star theta J B C settled rule_at_rest F_diff rule_diff grad_ell_cont
   T FF HF beta (fun _ => 0) 0 beta_to_0 beta_nonzero Hk 0).
assert (D := @linear_phase_increment State Param grad_ell s_star J B C J_linear B_linear C_linear 0 0).
rewrite D in L. exact L.
Qed.

(** Later on, this needs the rule to be differentiable in the state uniformly near rest. *)
Hypothesis rule_strict : forall eps : posreal, exists d : posreal, forall s s' th,
  norm (minus s s_star) < d -> norm (minus s' s_star) < d -> norm (minus th theta) < d ->
  norm (minus (rule ((s, th), s')) (C (minus s' s))) <= eps * norm (minus s' s).

Lemma shift_s_limit m : (forall j, (j <= m)%nat ->
    filterlim (fun x => Delta_s F grad_ell rule s_star theta (beta x) (eta x) j) FF (locally (opp (iterate J j g)))) ->
  forall j, (j <= 1 + m)%nat -> exists a, filterlim (shift_s j) FF (locally (a : State)).
Proof.
intros HD. induction j as [|j IH]; intros Hj.
- exists zero. apply filterlim_ext with (fun _ => zero). intros x. now rewrite shift_s_0. apply filterlim_const.
- destruct IH as [a Ha]. lia. exists (plus a (opp (iterate J j g))).
  apply filterlim_ext with (fun x => plus (shift_s j x) (Delta_s F grad_ell rule s_star theta (beta x) (eta x) j)).
  intros x. rewrite Delta_s_shift. change (Datatypes.S j) with (1 + j)%nat. module State.
  apply (@flim_plus T FF HF State). exact Ha. apply HD. lia.
Qed.
Theorem rate_limit m : (forall j, (j <= m)%nat ->
    filterlim (fun x => Delta_s F grad_ell rule s_star theta (beta x) (eta x) j) FF (locally (opp (iterate J j g)))) ->
  forall i, (i <= m)%nat -> filterlim (rate i) FF (locally (C (opp (iterate J i g)))).
Proof.
intros HD.
assert (Ls : forall j, (j <= 1 + m)%nat -> filterlim (fun x => fst (z j x)) FF (locally s_star)).
{ intros j Hj. destruct (shift_s_limit HD Hj) as [a Ha].
  exact (@flim_back T FF HF State beta (fun x => fst (z j x)) s_star a beta_to_0 beta_nonzero Ha). }
assert (Lr : forall i, (i <= m)%nat -> filterlim (fun x => snd (z i x)) FF (locally theta) ->
   filterlim (rate i) FF (locally (C (opp (iterate J i g))))).
{ intros i Hi Hth.
  set (D := fun x => Delta_s F grad_ell rule s_star theta (beta x) (eta x) i).
  assert (HC : filterlim (fun x => C (D x)) FF (locally (C (opp (iterate J i g))))).
  { eapply filterlim_comp. apply (HD i Hi). apply (linear_cont C _ C_linear). }
  apply filterlim_ext with (fun x => plus (C (D x)) (minus (rate i x) (C (D x)))). intros x. module Param.
  assert (E : C (opp (iterate J i g)) = plus (C (opp (iterate J i g))) zero) by module Param.
  rewrite E. apply (@flim_plus T FF HF Param). exact HC.
  apply flim_norm; auto. intros eps.
  set (N := norm (opp (iterate J i g)) + 1). assert (PN : 0 < N) by (unfold N; generalize (norm_ge_0 (opp (iterate J i g))); lra).
  assert (He : 0 < eps / 2 / N) by (apply Rdiv_lt_0_compat; auto; generalize (cond_pos eps); lra).
  destruct (rule_strict (mkposreal _ He)) as [d Hd].
  assert (N1 := proj1 (@flim_norm T FF HF State _ _) (Ls i ltac:(lia)) d).
  assert (N2 := proj1 (@flim_norm T FF HF State _ _) (Ls (1 + i)%nat ltac:(lia)) d).
  assert (N3 := proj1 (@flim_norm T FF HF Param _ _) Hth d).
  assert (N4 := proj1 (@flim_norm T FF HF State _ _) (HD i Hi) (mkposreal 1 Rlt_0_1)).
  refine (@filter_imp T FF HF _ _ _ (filter_and _ _ beta_nonzero (filter_and _ _ (filter_and _ _ N1 N2) (filter_and _ _ N3 N4)))).
  intros x [X0 [[X1 X2] [X3 X4]]]. simpl in X4.
  eapply Rle_lt_trans. right; apply f_equal; apply minus_zero_r.
  assert (Y := Hd _ _ _ X1 X2 X3). rewrite <- surjective_pairing in Y.
  assert (ED : D x = scal (/ beta x : R_AbsRing) (minus (fst (z (1 + i) x)) (fst (z i x)))) by reflexivity.
  assert (EC : C (D x) = scal (/ beta x : R_AbsRing) (C (minus (fst (z (1 + i) x)) (fst (z i x)))))
    by (rewrite ED; exact (linear_scal C C_linear (/ beta x : R_AbsRing) _)).
  assert (E1 : minus (rate i x) (C (D x)) = scal (/ beta x : R_AbsRing) (minus (rule (z i x, fst (z (1 + i) x))) (C (minus (fst (z (1 + i) x)) (fst (z i x)))))).
  { rewrite EC. unfold rate. module Param. }
  rewrite E1. eapply Rle_lt_trans. right; apply norm_scal_R.
  assert (ND : norm (D x) < N).
  { assert (E2 : D x = plus (minus (D x) (opp (iterate J i g))) (opp (iterate J i g))) by module State.
    rewrite E2. eapply Rle_lt_trans. apply norm_triangle. unfold N. rewrite Rplus_comm. apply Rplus_lt_compat_l. exact X4. }
  assert (ND' : norm (D x) = Rabs (/ beta x) * norm (minus (fst (z (1 + i) x)) (fst (z i x)))) by (rewrite ED; apply norm_scal_R).
  apply Rle_lt_trans with (Rabs (/ beta x) * (eps / 2 / N * norm (minus (fst (z (1 + i) x)) (fst (z i x))))).
  apply Rmult_le_compat_l. apply Rabs_pos. exact Y.
  replace (Rabs (/ beta x) * (eps / 2 / N * norm (minus (fst (z (1 + i) x)) (fst (z i x))))) with (eps / 2 / N * norm (D x)) by (rewrite ND'; ring).
  apply Rlt_trans with (eps / 2 / N * N). apply Rmult_lt_compat_l; auto.
  apply Rle_lt_trans with (eps / 2). right; field; lra. generalize (cond_pos eps); lra. }
assert (Lth : forall i, (i <= m)%nat -> filterlim (fun x => snd (z i x)) FF (locally theta)).
{ induction i as [|i IH]; intros Hi. apply filterlim_const.
  assert (Li := IH ltac:(lia)). assert (R := Lr i ltac:(lia) Li).
  apply filterlim_ext_loc with (fun x => plus (snd (z i x)) (scal (eta x : R_AbsRing) (rate i x))).
  { revert beta_nonzero. apply filter_imp. intros x X. unfold rate.
    change (snd (z (Datatypes.S i) x)) with (plus (snd (z i x)) (scal (eta x / beta x : R_AbsRing) (rule (z i x, fst (z (1 + i) x))))).
    module_field Param. }
  assert (E : theta = plus theta (scal (0 : R_AbsRing) (C (opp (iterate J i g))))) by module Param.
  replace (locally theta) with (locally (plus theta (scal (0 : R_AbsRing) (C (opp (iterate J i g)))))) by (rewrite <- E; reflexivity).
  apply (@flim_plus T FF HF Param). exact Li. apply (@flim_scal T FF HF Param); auto. }
intros i Hi. auto.
Qed.
End Moving.
